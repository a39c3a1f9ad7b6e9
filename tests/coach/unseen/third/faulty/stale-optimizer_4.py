# %%
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

# %%
# short signals, three shapes
def signals(n):
    kind = torch.randint(0, 3, (n,))
    t = torch.linspace(0, 1, 32).expand(n, 32)
    phase = torch.rand(n, 1)
    sine = torch.sin(6.283 * (2 * t + phase))
    square = torch.sign(sine)
    saw = 2 * ((2 * t + phase) % 1.0) - 1
    bank = torch.stack([sine, square, saw], 1)
    x = bank[torch.arange(n), kind] + 0.2 * torch.randn(n, 32)
    return (x / 0.75).unsqueeze(1), kind

x_tr, y_tr = signals(320)
x_va, y_va = signals(160)
loader = DataLoader(TensorDataset(x_tr, y_tr), batch_size=32, shuffle=True)

# %%
class SignalNet(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv1d(1, channels, kernel_size=5, padding=2)
        self.fc = nn.Linear(channels, 3)

    def forward(self, x):
        h = F.relu(self.conv(x))
        return self.fc(F.adaptive_avg_pool1d(h, 1).flatten(1))

model = SignalNet(channels=4)
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)  # coach-line: stale-optimizer

# %%
def fit(epochs):
    for epoch in range(epochs):
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        logits = model(x_va)
        return F.cross_entropy(logits, y_va).item(), (logits.argmax(1) == y_va).float().mean().item()

print("4 channels ", fit(8))

# %%
model = SignalNet(channels=16)  # coach: stale-optimizer; fix: torch.optim.Adam(model.parameters()

# %%
print("16 channels", fit(8))  # coach-also: stale-object
