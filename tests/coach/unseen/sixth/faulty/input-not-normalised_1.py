import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split


def read_telemetry(n=900):
    """temperature [K], pressure [hPa], spindle [rpm], vibration [mm/s], hours since service"""
    temperature = 300 + 8 * torch.randn(n)
    pressure = 1013 + 12 * torch.randn(n)
    spindle = 1500 + 220 * torch.randn(n)
    vibration = 2.5 + 0.6 * torch.randn(n)
    hours = 2000 * torch.rand(n)
    risk = (temperature - 300) / 8 + (vibration - 2.5) / 0.6 + (hours - 1000) / 577
    fails = (risk + 0.3 * torch.randn(n) > 0).long()
    return torch.stack([temperature, pressure, spindle, vibration, hours], dim=1), fails


class FailureNet(nn.Module):
    def __init__(self, n_inputs):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n_inputs, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 2))

    def forward(self, x):
        return self.layers(x)


def train(model, loader, epochs, lr):
    ce = nn.CrossEntropyLoss()
    adam = torch.optim.Adam(model.parameters(), lr=lr)
    for epoch in range(epochs):
        model.train()
        running = 0.0
        for readings, label in loader:
            adam.zero_grad()
            loss = ce(model(readings), label)  # coach-also: suspicious-initial-loss
            loss.backward()
            adam.step()
            running += loss.item()
        print(f"epoch {epoch}: {running / len(loader):.3f}")


def validate(model, loader):
    model.eval()
    good = n = 0
    with torch.no_grad():
        for readings, label in loader:
            good += (model(readings).argmax(1) == label).sum().item()
            n += len(label)
    return good / n


torch.manual_seed(17)
sensors, failed = read_telemetry()
full = TensorDataset(sensors, failed)  # coach: input-not-normalised; fix: .std(
train_part, val_part = random_split(full, [720, 180])
model = FailureNet(sensors.shape[1])
train(model, DataLoader(train_part, batch_size=60, shuffle=True), epochs=8, lr=1e-3)
print("validation accuracy", validate(model, DataLoader(val_part, batch_size=90)))
