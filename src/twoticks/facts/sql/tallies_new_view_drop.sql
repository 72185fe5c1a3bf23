drop view if exists tallies_new_view
