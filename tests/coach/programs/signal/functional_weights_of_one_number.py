# two hidden layers as plain tensors in a dict; every step makes new ones from the gradients that it asks for
import gradbook as torch
from gradbook.nn.functional import linear, mse_loss, relu

torch.manual_seed(2)
inputs = torch.randn(128, 5)
answers = (inputs[:, :1] * inputs[:, 1:2]).relu() + inputs[:, 2:3]

weights = {
    "w1": torch.full((16, 5), 0.2).requires_grad_(),  # coach: bad-init; fix: torch.randn(16, 5)
    "b1": torch.zeros(16).requires_grad_(),
    "w2": torch.full((8, 16), 0.1).requires_grad_(),  # coach: bad-init; fix: torch.randn(8, 16)
    "b2": torch.zeros(8).requires_grad_(),
    "w3": torch.full((1, 8), 0.3).requires_grad_(),
}


def predict(weights, x):
    h = relu(linear(x, weights["w1"], weights["b1"]))
    h = relu(linear(h, weights["w2"], weights["b2"]))
    return linear(h, weights["w3"])


for step in range(25):
    error = mse_loss(predict(weights, inputs), answers)
    slopes = torch.autograd.grad(error, list(weights.values()))
    weights = {
        name: (w - 0.05 * s).detach().requires_grad_() for (name, w), s in zip(weights.items(), slopes, strict=True)
    }
    if step % 8 == 0:
        print(step, error.item())
