"""Two views of each sample stacked along the batch; similarities of each with each, in both directions."""

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def off_diagonal(m):
    n = m.shape[0]
    return m.flatten()[:-1].view(n - 1, n + 1)[:, 1:].flatten()


net = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 6))
scale = nn.Parameter(torch.tensor(1.0))
opt = torch.optim.Adam([*net.parameters(), scale], lr=1e-3)
data = torch.randn(48, 10)
for (x,) in DataLoader(TensorDataset(data), batch_size=12, shuffle=True):
    views = torch.cat([x + 0.1 * torch.randn_like(x), x + 0.1 * torch.randn_like(x)], dim=0)
    z = F.normalize(net(views), dim=1)
    z1, z2 = z.view(2, -1, 6).unbind(0)
    logits = scale.exp() * z1 @ z2.t()
    labels = torch.arange(len(x))
    clip = (F.cross_entropy(logits, labels) + F.cross_entropy(logits.t(), labels)) / 2
    both = F.log_softmax(logits, dim=0).diagonal().mean() + F.log_softmax(logits, dim=1).diagonal().mean()
    centred = (z1 - z1.mean(dim=0)) / (z1.std(dim=0) + 1e-5)
    columns = F.normalize(z2 - z2.mean(dim=0), dim=0)
    redundancy = off_diagonal(centred.T @ centred / len(x)).pow(2).sum() + off_diagonal(columns.T @ columns).pow(2).sum()
    loss = clip - 0.1 * both + 0.01 * redundancy
    opt.zero_grad()
    loss.backward()
    opt.step()
