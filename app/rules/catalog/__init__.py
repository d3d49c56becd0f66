"""The service catalogue as data: what an item says, how its file is read and checked, how its answers are judged."""
