"""The networks behind the models, in weight space: training, gradient, sharpness."""
