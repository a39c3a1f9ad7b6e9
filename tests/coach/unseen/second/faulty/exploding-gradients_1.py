import gradbook as torch
import gradbook.nn as nn


class ElmanRNN(nn.Module):
    def __init__(self, n_in, n_hid):
        super().__init__()
        self.w_ih = nn.Parameter(torch.randn(n_in, n_hid) / n_in ** 0.5)
        self.w_hh = nn.Parameter(torch.randn(n_hid, n_hid) * 0.35)  # coach: exploding-gradients
        self.b = nn.Parameter(torch.zeros(n_hid))
        self.readout = nn.Linear(n_hid, 1)

    def forward(self, x):
        h = torch.zeros(x.size(0), self.b.numel())
        for t in range(x.size(1)):
            h = torch.relu(x[:, t] @ self.w_ih + h @ self.w_hh + self.b)
        return self.readout(h)


torch.manual_seed(27)
model = ElmanRNN(1, 32)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
loss_fn = nn.MSELoss()
for step in range(20):
    seq = torch.randn(16, 25, 1)
    target = seq.mean(dim=1)
    loss = loss_fn(model(seq), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item())
# coach-also: bad-init, loss-diverged, nan-origin, suspicious-initial-loss, update-ratio-high, learning-rate-too-high
