import numpy as np
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader

torch.manual_seed(38)


class SoilSamples(Dataset):
    def __init__(self, n, rng):
        self.x = rng.normal(size=(n, 8)).astype(np.float32)
        score = np.where(self.x[:, 0] > 0, self.x[:, 1] + self.x[:, 2], self.x[:, 3] - self.x[:, 4])
        self.y = np.digitize(score, [-0.6, 0.6])

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class SoftTree(nn.Module):
    """Two dense experts, mixed per unit by a learned soft gate."""

    def __init__(self, n_in, width, n_out, tau=0.01):  # coach: saturated-activation; fix: tau=
        super().__init__()
        self.tau = tau
        self.gate = nn.Linear(n_in, width)
        self.left = nn.Linear(n_in, width)
        self.right = nn.Linear(n_in, width)
        self.leaf = nn.Linear(width, n_out)

    def forward(self, x):
        g = torch.sigmoid(self.gate(x) / self.tau)  # coach-line: saturated-activation
        return self.leaf(g * F.relu(self.left(x)) + (1 - g) * F.relu(self.right(x)))


rng = np.random.default_rng(38)
train_dl = DataLoader(SoilSamples(640, rng), batch_size=40, shuffle=True)
val_dl = DataLoader(SoilSamples(160, rng), batch_size=80)
model = SoftTree(8, 4, 3)  # coach-line: saturated-activation
opt = torch.optim.Adam(model.parameters(), lr=1e-2)

for epoch in range(15):
    model.train()
    for xb, yb in train_dl:
        opt.zero_grad()
        loss = F.cross_entropy(model(xb), yb)
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        ok = sum((model(xb).argmax(1) == yb).sum().item() for xb, yb in val_dl)
    print(f"epoch {epoch} loss {loss.item():.4f} val acc {ok / 160:.3f}")
