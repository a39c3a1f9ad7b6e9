import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

SEED, N_SENSORS, WINDOW, N_STATES = 31, 4, 32, 3


def conv_stage(c_in, c_out):
    return nn.Sequential(
        nn.Conv1d(c_in, c_out, kernel_size=5, padding=2),  # coach: bias-before-batchnorm; fix: bias=False
        nn.BatchNorm1d(c_out),
        nn.ReLU(),
        nn.MaxPool1d(2),
    )


class MachineStateNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stages = nn.Sequential(conv_stage(N_SENSORS, 12), conv_stage(12, 24))
        self.classifier = nn.Linear(24 * (WINDOW // 4), N_STATES)

    def forward(self, x):
        return self.classifier(self.stages(x).flatten(1))


def synth(n):
    state = torch.randint(0, N_STATES, (n,))
    t = torch.arange(WINDOW).float()
    freq = (state.float() + 1).view(-1, 1, 1) * 0.35
    phase = 6.28 * torch.rand(n, N_SENSORS, 1)
    signal = torch.sin(freq * t + phase) * 1.3 + 0.4 * torch.randn(n, N_SENSORS, WINDOW)
    return TensorDataset(signal, state)


def validate(model, loader):
    model.eval()
    hits = total = 0
    with torch.no_grad():
        for xb, yb in loader:
            hits += (model(xb).argmax(dim=1) == yb).sum().item()
            total += yb.numel()
    model.train()
    return hits / total


torch.manual_seed(SEED)
train_dl = DataLoader(synth(512), batch_size=64, shuffle=True)
valid_dl = DataLoader(synth(192), batch_size=96)
net = MachineStateNet()
optim = torch.optim.Adam(net.parameters(), lr=1e-3)
criterion = nn.CrossEntropyLoss()

for epoch in range(4):
    for xb, yb in train_dl:
        optim.zero_grad()
        loss = criterion(net(xb), yb)
        loss.backward()
        optim.step()
    print(f"epoch {epoch}: last loss {loss.item():.3f}  valid acc {validate(net, valid_dl):.3f}")
