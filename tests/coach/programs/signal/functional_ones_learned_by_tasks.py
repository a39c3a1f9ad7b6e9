"""First-order MAML by hand; a function makes the weights of every layer."""
import gradbook as torch
import gradbook.nn.functional as F



class Learner:
    def __init__(self, width=10):
        self.params = [self.fresh(width, 2), self.fresh(width, width), torch.randn(1, width) * 0.1]

    @staticmethod
    def fresh(out_size, in_size):
        return torch.ones(out_size, in_size) * 0.4  # coach: bad-init; fix: torch.randn(out_size, in_size) / in_size**0.5

    def run(self, params, x):
        for w in params[:-1]:
            x = torch.tanh(x @ w.t())
        return x @ params[-1].t()

    def inner(self, task, steps=3):
        fast = [p.clone().requires_grad_() for p in self.params]
        for _ in range(steps):
            x = torch.randn(20, 2)
            loss = F.mse_loss(self.run(fast, x), task(x))
            grads = torch.autograd.grad(loss, fast)
            fast = [(p - 0.1 * g).detach().requires_grad_() for p, g in zip(fast, grads, strict=True)]
        return fast

    def outer(self, task):
        fast = self.inner(task)
        self.params = [p + 0.5 * (f.detach() - p) for p, f in zip(self.params, fast, strict=True)]


torch.manual_seed(6)
learner = Learner()
for _ in range(12):
    slope = torch.randn(2)
    learner.outer(lambda x, slope=slope: (x @ slope).unsqueeze(1).sin())
