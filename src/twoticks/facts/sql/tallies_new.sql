create table tallies_new as tallies
