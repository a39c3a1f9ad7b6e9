import copy
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class EMACallback:
    def __init__(self, model, decay=0.95):
        self.shadow = copy.deepcopy(model)
        self.shadow.eval()
        for p in self.shadow.parameters():
            p.requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def on_step_end(self, model):
        for s, p in zip(self.shadow.parameters(), model.parameters()):
            s.mul_(self.decay).add_(p, alpha=1 - self.decay)


torch.manual_seed(55)
X = torch.randn(1200, 10)
y = (X[:, 0] + X[:, 1].abs() - 0.8 + 0.2 * torch.randn(1200) > 0).float()
dl = DataLoader(TensorDataset(X[:900], y[:900]), batch_size=45, shuffle=True)
model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
ema = EMACallback(model)
opt = torch.optim.AdamW(model.parameters(), lr=3e-3)
for epoch in range(8):
    model.train()
    for xb, yb in dl:
        opt.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(xb).squeeze(1), yb)
        loss.backward()
        opt.step()
        ema.on_step_end(model)
    with torch.no_grad():
        p = ema.shadow(X[900:]).squeeze(1)
        print(epoch, round(loss.item(), 4), "ema acc", ((p > 0).float() == y[900:]).float().mean().item())
