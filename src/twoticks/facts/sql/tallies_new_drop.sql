drop table if exists tallies_new
