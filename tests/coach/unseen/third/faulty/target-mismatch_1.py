import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(12)

# fuel consumption from 5 car properties
cars = torch.randn(512, 5)
mpg = 0.8 * cars[:, 0] - 0.6 * cars[:, 1] + 0.5 * torch.sin(2 * cars[:, 2]) + 0.1 * torch.randn(512)
mpg = (mpg - mpg.mean()) / mpg.std()  # coach-line: target-mismatch

train_loader = DataLoader(TensorDataset(cars[:400], mpg[:400]), batch_size=40, shuffle=True)
val_loader = DataLoader(TensorDataset(cars[400:], mpg[400:]), batch_size=56)

model = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))  # coach-also: constant-predictions
mse = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)


def batch_loss(features, target):
    prediction = model(features)  # coach-also: silent-broadcast
    return mse(prediction, target)  # coach: target-mismatch; fix: squeeze(


def train_epoch():
    model.train()
    total = 0.0
    for features, target in train_loader:
        loss = batch_loss(features, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(train_loader)


@torch.no_grad()
def validate():
    model.eval()
    return sum(batch_loss(features, target).item() for features, target in val_loader) / len(val_loader)


for epoch in range(8):  # coach-also: loss-plateau
    print(f"epoch {epoch}  train mse {train_epoch():.3f}  val mse {validate():.3f}")
