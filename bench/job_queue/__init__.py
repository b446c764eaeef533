"""What the queue costs with a million jobs waiting, beside a claim without fairness and beside other queues."""
