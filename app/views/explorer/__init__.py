"""The explorer: pages for people, made from the same queries as the API."""
