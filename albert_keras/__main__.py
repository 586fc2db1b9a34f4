"""`python -m albert_keras`: the command `albert-keras` by another name."""

from albert_keras.cli import main

main()
