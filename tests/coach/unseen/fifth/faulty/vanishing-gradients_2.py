import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(34)


class DeepEncoder(nn.Module):
    def __init__(self, d_in=12, d=24, depth=9, n_cls=3):
        super().__init__()
        self.inp = nn.Linear(d_in, d)
        self.layers = nn.ModuleList([nn.Linear(d, d) for _ in range(depth)])
        self.cls = nn.Linear(d, n_cls)

    def forward(self, x):
        h = torch.sigmoid(self.inp(x))  # coach-line: vanishing-gradients
        for layer in self.layers:
            h = torch.sigmoid(layer(h))  # coach: vanishing-gradients; fix: relu
        return self.cls(h)


x = torch.randn(480, 12)
y = (x @ torch.randn(12, 3)).argmax(1)
loader = DataLoader(TensorDataset(x, y), batch_size=48, shuffle=True)
enc = DeepEncoder()
opt = torch.optim.Adam(enc.parameters(), lr=1e-3)
for epoch in range(6):
    total = 0.0
    for xb, yb in loader:
        opt.zero_grad()
        loss = F.cross_entropy(enc(xb), yb)
        loss.backward()
        opt.step()
        total += loss.item()
    print(epoch, total / len(loader))
# coach-also: loss-plateau
# coach-also: constant-predictions
