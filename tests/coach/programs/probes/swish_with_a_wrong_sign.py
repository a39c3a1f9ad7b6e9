import gradbook as torch
import gradbook.nn as nn


class SwishFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, i, beta):
        s = torch.sigmoid(beta * i)
        ctx.save_for_backward(i, s)
        ctx.beta = beta
        return i * s

    @staticmethod
    def backward(ctx, grad_output):
        i, s = ctx.saved_tensors
        grad_input = s + ctx.beta * i * s * (1 + s)  # coach: wrong-gradient; fix: (1 - s)
        return grad_output * grad_input, None


class Swish(nn.Module):
    def __init__(self, beta=1.5):
        super().__init__()
        self.beta = beta

    def forward(self, i):
        return SwishFunction.apply(i, self.beta)


def build():
    return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), Swish(), nn.Flatten(), nn.Linear(4 * 8 * 8, 2))


def main():
    torch.manual_seed(5)
    model = build()
    opt = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    for _ in range(10):
        images = torch.randn(16, 1, 8, 8)
        kinds = (images.mean(dim=(1, 2, 3)) > 0).long()
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(images), kinds)
        loss.backward()
        opt.step()


main()
