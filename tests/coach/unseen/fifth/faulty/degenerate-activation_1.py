import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(31)
# which step carries the marked value? predict it from the whole sequence
n, T, D = 480, 10, 6
seq = torch.randn(n, T, D)
pos = torch.randint(0, T, (n,))
seq[:, :, 0] = -1.0 + 0.1 * torch.randn(n, T)
seq[torch.arange(n), pos, 0] = 2.0
val = seq[torch.arange(n), pos, 1:2]
dl = DataLoader(TensorDataset(seq, val), batch_size=48, shuffle=True)


class AttnPool(nn.Module):
    def __init__(self, d, h=24):
        super().__init__()
        self.enc = nn.Linear(d, h)
        self.score = nn.Linear(h, 1)
        self.out = nn.Linear(h, 1)

    def forward(self, x):
        h = torch.tanh(self.enc(x))
        a = F.softmax(self.score(h), dim=-1)  # coach: degenerate-activation; fix: dim=1
        pooled = (a * h).sum(1)
        return self.out(pooled)


model = AttnPool(D)
opt = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(8):
    tot = 0.0
    for s, v in dl:
        loss = F.mse_loss(model(s), v)
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item()
    print(epoch, tot / len(dl))
