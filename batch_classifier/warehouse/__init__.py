"""The tables of the prompts: their columns, the SQL that is asked of them, and the two warehouses that hold them."""
