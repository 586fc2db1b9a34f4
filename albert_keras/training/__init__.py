"""Training: ALBERT's optimizers and schedule, and runs that can be resumed.

`optimizers` and `schedules` work on every backend of Keras. All of the rest
serves `pretrain.pretrain`, which runs on TensorFlow; therefore nothing is
imported here.
"""
