import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(33)


class VanillaRNN(nn.Module):
    def __init__(self, n_in, n_hid, n_out):
        super().__init__()
        self.w_in = nn.Parameter(torch.randn(n_in, n_hid) / n_in ** 0.5)
        self.w_hh = nn.Parameter(torch.randn(n_hid, n_hid) * 0.3)  # coach: exploding-gradients
        self.b = nn.Parameter(torch.zeros(n_hid))
        self.out = nn.Linear(n_hid, n_out)

    def forward(self, seq):
        h = seq.new_zeros(seq.size(0), self.w_hh.size(0))
        for x_t in seq.unbind(dim=1):
            h = torch.relu(x_t @ self.w_in + h @ self.w_hh + self.b)
        return self.out(h)


def adding_problem(n, length=40):
    values = torch.rand(n, length) * 2 - 1
    marks = torch.zeros(n, length)
    first = torch.randint(0, length // 2, (n, 1))
    second = torch.randint(length // 2, length, (n, 1))
    marks.scatter_(1, first, 1.0).scatter_(1, second, 1.0)
    total = (values * marks).sum(1, keepdim=True)
    return torch.stack([values, marks], dim=-1), total


rnn = VanillaRNN(2, 48, 1)
opt = torch.optim.Adam(rnn.parameters(), lr=1e-3)
for it in range(60):
    seq, total = adding_problem(32)
    loss = F.mse_loss(rnn(seq), total)
    opt.zero_grad()
    loss.backward()  # coach-line: exploding-gradients
    if it % 10 == 0:
        print(it, loss.item(), "grad norm", rnn.w_hh.grad.norm().item())
    opt.step()  # coach-line: exploding-gradients
# coach-also: bad-init
