"""A client's records as a whole: brought in from files, joined, handed out and erased. Spans the slices."""
