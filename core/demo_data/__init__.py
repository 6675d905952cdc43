"""Made-up clients by the million, to see and measure the house at its size."""
