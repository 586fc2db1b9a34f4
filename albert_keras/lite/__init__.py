"""Reading and running .tflite files, without TensorFlow and without Keras."""
