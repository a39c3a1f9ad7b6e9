import numpy as np
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(6)
rng = np.random.default_rng(6)

# tips at a bar: 5 standardised columns, standardised target
A = rng.normal(size=(640, 5)).astype(np.float32)
t = A[:, 0] + 0.6 * np.abs(A[:, 1]) - 0.5 * A[:, 2] * (A[:, 3] > 0)
t = ((t - t[:512].mean()) / t[:512].std()).astype(np.float32)
train_dl = DataLoader(TensorDataset(torch.tensor(A[:512]), torch.tensor(t[:512])), batch_size=32, shuffle=True)
valid = torch.tensor(A[512:]), torch.tensor(t[512:])


class Tips(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(5, 64)
        self.fc2 = nn.Linear(64, 64)
        self.fc3 = nn.Linear(64, 1)

    def forward(self, x):
        x = F.relu(self.fc1(x))  # coach-line: dead-relu
        x = F.relu(self.fc2(x))  # coach-line: dead-relu
        return self.fc3(x).squeeze(1)


net = Tips()
opt = torch.optim.Adam(net.parameters(), lr=0.5)  # coach: dead-relu; fix: lr=
for epoch in range(8):
    net.train()
    losses = []
    for xb, yb in train_dl:
        opt.zero_grad()
        loss = F.mse_loss(net(xb), yb)  # coach-also: learning-rate-too-high
        loss.backward()
        opt.step()  # coach-also: update-ratio-high
        losses.append(loss.item())
    net.eval()
    with torch.no_grad():
        val = F.mse_loss(net(valid[0]), valid[1]).item()
        h = F.relu(net.fc2(F.relu(net.fc1(valid[0]))))
    print(f"epoch {epoch} train {np.mean(losses):.4f} val {val:.4f}", "silent units", (h == 0).all(0).sum().item(), "of 64")
# coach-also: loss-plateau
