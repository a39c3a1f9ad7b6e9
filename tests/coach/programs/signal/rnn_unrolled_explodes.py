import gradbook as torch
import gradbook.nn as nn


class Recurrent(nn.Module):
    def __init__(self, n_in=3, n_hidden=24):
        super().__init__()
        self.inp = nn.Linear(n_in, n_hidden)
        self.rec = nn.Linear(n_hidden, n_hidden, bias=False)
        self.out = nn.Linear(n_hidden, 1)
        nn.init.normal_(self.rec.weight, std=0.6)  # coach: exploding-gradients; fix: xavier_uniform_(self.rec.weight)

    def forward(self, seq):
        h = torch.zeros(seq.shape[1], 24)
        for x in seq:
            h = torch.relu(self.inp(x) + self.rec(h))
        return self.out(h)


torch.manual_seed(1)
model = Recurrent()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(5):
    seq = torch.randn(12, 16, 3)
    target = seq.sum((0, 2)).unsqueeze(1)
    loss = nn.functional.mse_loss(model(seq), target)
    opt.zero_grad()
    loss.backward()
    opt.step()
