"""Who answers texts: one interface, one folder for each service, and the registry that names them; what an answer is worth is for `answers` to say."""
