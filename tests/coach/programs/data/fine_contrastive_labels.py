import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

encoder = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 8))
opt = torch.optim.Adam(encoder.parameters(), lr=1e-3)
loader = DataLoader(TensorDataset(torch.randn(64, 10)), batch_size=16, shuffle=True)
for epoch in range(3):
    for (x,) in loader:
        a = F.normalize(encoder(x + 0.1 * torch.randn_like(x)), dim=1)
        b = F.normalize(encoder(x + 0.1 * torch.randn_like(x)), dim=1)
        logits = a @ b.T / 0.1
        loss = F.cross_entropy(logits, torch.arange(len(x)))
        opt.zero_grad()
        loss.backward()
        opt.step()
