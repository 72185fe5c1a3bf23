-- Both views write to a name, so from here on tallies_view fills the new table.
exchange tables tallies and tallies_new
