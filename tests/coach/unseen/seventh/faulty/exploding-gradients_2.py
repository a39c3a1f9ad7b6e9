import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(35)
T, H = 60, 48


def adding_problem(n=32):
    v = torch.rand(n, T)
    mark = torch.zeros(n, T)
    rows = torch.arange(n)
    a, b = torch.randint(0, T // 2, (n,)), torch.randint(T // 2, T, (n,))
    mark[rows, a] = 1.0
    mark[rows, b] = 1.0
    x = torch.stack([(v - 0.5) * 3.46, mark * 2 - 1], dim=-1)
    return x, ((v * mark).sum(1, keepdim=True) - 1.0) * 2.4


class IRNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(2, H, nonlinearity="relu", batch_first=True)
        nn.init.eye_(self.rnn.weight_hh_l0)  # coach-line: exploding-gradients
        self.read = nn.Linear(H, 1)

    def forward(self, x):
        return self.read(self.rnn(x)[1][-1])


model = IRNN()
opt = torch.optim.SGD(model.parameters(), lr=5e-3, momentum=0.9)
for it in range(60):  # coach-also: loss-diverged
    x, y = adding_problem()
    loss = F.mse_loss(model(x), y)
    opt.zero_grad()
    loss.backward()  # coach: exploding-gradients; fix: clip_grad_norm_(
    opt.step()  # coach-line: exploding-gradients
    if it % 10 == 0:
        print(it, f"loss {loss.item():.3g}")
