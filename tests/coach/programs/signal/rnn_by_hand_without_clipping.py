import gradbook as torch
from gradbook import nn


class Cell(nn.Module):
    def __init__(self, n, h):
        super().__init__()
        self.x2h = nn.Linear(n, h)
        self.h2h = nn.Linear(h, h, bias=False)
        nn.init.normal_(self.h2h.weight, std=0.6)  # coach: exploding-gradients
        self.out = nn.Linear(h, 1)

    def forward(self, seq):
        h = torch.zeros(seq.shape[0], self.h2h.in_features)
        for t in range(seq.shape[1]):
            h = torch.relu(self.x2h(seq[:, t]) + self.h2h(h))
        return self.out(h)


torch.manual_seed(0)
model = Cell(3, 24)
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for i in range(8):
    x = torch.randn(16, 30, 3)
    loss = nn.functional.mse_loss(model(x), x.sum((1, 2)).unsqueeze(1))
    opt.zero_grad()
    loss.backward()
    opt.step()  # coach-also: bad-init, loss-diverged
