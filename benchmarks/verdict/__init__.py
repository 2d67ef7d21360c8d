"""The verdict held against known faults: simulated pipelines, judged by the product's own code."""
