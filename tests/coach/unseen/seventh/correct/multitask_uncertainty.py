import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(149)
N, T, D, C = 320, 12, 10, 4
spk = torch.randint(0, C, (N,))
rate = torch.randn(N)
lens = torch.randint(6, T + 1, (N,))
x = torch.randn(N, T, D) + torch.randn(C, D)[spk][:, None] + 0.7 * rate[:, None, None] * torch.randn(D)
x = (x - x.mean((0, 1))) / x.std((0, 1))
mask = torch.arange(T) < lens[:, None]
x = x.masked_fill(~mask[..., None], 0.0)
voiced = (rate > 0).float()
tr, va = random_split(TensorDataset(x, mask, spk, rate, voiced), [256, 64])
tr, va = DataLoader(tr, 32, shuffle=True), DataLoader(va, 64)


class MultiTask(nn.Module):
    def __init__(self, h=32):
        super().__init__()
        self.gru = nn.GRU(D, h, batch_first=True)
        self.spk, self.rate, self.voiced = nn.Linear(h, C), nn.Linear(h, 1), nn.Linear(h, 1)
        self.log_var = nn.Parameter(torch.zeros(3))

    def forward(self, x, m):
        h, _ = self.gru(x)
        z = h.masked_fill(~m[..., None], -1e4).max(1).values
        return self.spk(z), self.rate(z).squeeze(-1), self.voiced(z).squeeze(-1)


net = MultiTask()
opt = torch.optim.Adam([
    {"params": [p for n, p in net.named_parameters() if n != "log_var"], "lr": 5e-3},
    {"params": [net.log_var], "lr": 1e-2},
])
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=0.5, patience=2)


def losses(batch):
    x, m, s, r, v = batch
    ps, pr, pv = net(x, m)
    return torch.stack([F.cross_entropy(ps, s), F.mse_loss(pr, r), F.binary_cross_entropy_with_logits(pv, v)])


for epoch in range(8):
    net.train()
    for batch in tr:
        ls = losses(batch)
        loss = (torch.exp(-net.log_var) * ls + 0.5 * net.log_var).sum()
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        val = torch.stack([losses(b) for b in va]).mean(0)
    plateau.step(val.sum().item())
    print(epoch, [round(v, 3) for v in val.tolist()])
