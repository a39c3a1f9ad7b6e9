import gradbook as torch


class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = torch.exp(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad_output):
        (y,) = ctx.saved_tensors
        return y  # coach: wrong-gradient; fix: grad_output * y


torch.manual_seed(0)
rate = torch.zeros(5, requires_grad=True)
offset = torch.zeros(1, requires_grad=True)
features = torch.randn(64, 5)
counts = torch.poisson(torch.exp(features @ torch.tensor([0.3, -0.2, 0.1, 0.0, 0.5])))
sgd = torch.optim.SGD([rate, offset], lr=0.01)
for epoch in range(12):
    mean = Exp.apply(features @ rate + offset)
    nll = (mean - counts * torch.log(mean)).mean()
    sgd.zero_grad()
    nll.backward()
    sgd.step()
