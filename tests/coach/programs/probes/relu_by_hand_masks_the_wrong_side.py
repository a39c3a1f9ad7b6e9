import gradbook as torch
from gradbook.autograd import Function


class MyReLU(Function):
    @staticmethod
    def forward(ctx, inp):
        ctx.save_for_backward(inp)
        return inp.clamp(min=0)

    @staticmethod
    def backward(ctx, grad_out):
        inp, = ctx.saved_tensors
        grad_in = grad_out.clone()
        grad_in[inp > 0] = 0  # coach: wrong-gradient; fix: inp < 0
        return grad_in


def forward(x, params):
    w1, w2 = params
    return MyReLU.apply(x @ w1) @ w2


torch.manual_seed(3)
w1 = torch.randn(10, 32) * 0.3
w2 = torch.randn(32, 2) * 0.2
params = [w1.requires_grad_(), w2.requires_grad_()]
opt = torch.optim.SGD(params, lr=0.05)
data, labels = torch.randn(200, 10), torch.randint(0, 2, (200,))
for i in range(0, 200, 20):
    out = forward(data[i : i + 20], params)
    loss = torch.nn.functional.cross_entropy(out, labels[i : i + 20])
    opt.zero_grad()
    loss.backward()
    opt.step()
