"""What is missing from a prompt's categories: texts that fit none of them, in groups. It proposes; a person decides."""
