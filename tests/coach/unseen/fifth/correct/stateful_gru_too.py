import gradbook as torch
from gradbook import nn


class Meter(nn.Module):
    def __init__(self, hidden=16):
        super().__init__()
        self.rnn = nn.GRU(1, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x, h):
        z, h = self.rnn(x, h)
        return self.out(z).squeeze(-1), h


torch.manual_seed(18)
cfg = dict(chunk=15, epochs=10, lr=1e-2)
t = torch.arange(151).float()
load = torch.sin(t / 6 + 6.28 * torch.rand(12, 1)) + 0.05 * torch.randn(12, 151)
load = (load - load.mean()) / load.std()
model = Meter()
opt = torch.optim.Adam(model.parameters(), lr=cfg["lr"])
mse = nn.MSELoss()
for epoch in range(cfg["epochs"]):
    h, losses = None, []
    for s in range(0, 150, cfg["chunk"]):
        x = load[:, s:s + cfg["chunk"]].unsqueeze(-1)
        y = load[:, s + 1:s + cfg["chunk"] + 1]
        pred, h = model(x, h)
        loss = mse(pred, y)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        h = h.detach()
        losses.append(loss.item())
    print(f"epoch {epoch} mse {sum(losses) / len(losses):.4f}")
