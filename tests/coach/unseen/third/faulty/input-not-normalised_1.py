"""Heart clinic data: five measurements, does the patient need a check-up?"""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(19)

n = 600
age = 20 + 60 * torch.rand(n)
bmi = 26 + 4 * torch.randn(n)
pressure = 130 + 18 * torch.randn(n)
cholesterol = 200 + 35 * torch.randn(n)
platelets = 250 + 60 * torch.randn(n)

risk = (age - 50) / 17 + 0.8 * (pressure - 130) / 18 + 0.5 * (cholesterol - 200) / 35 + 0.3 * torch.randn(n)
X = torch.stack([age, bmi, pressure, cholesterol, platelets], dim=1)  # coach: input-not-normalised; fix: .mean(
y = (risk > risk.median()).float().unsqueeze(1)

train_set, val_set = random_split(TensorDataset(X, y), [480, 120])  # coach-line: input-not-normalised
train_loader = DataLoader(train_set, batch_size=32, shuffle=True)
val_loader = DataLoader(val_set, batch_size=60)

model = nn.Sequential(nn.Linear(5, 24), nn.ReLU(), nn.Linear(24, 1))
criterion = nn.BCEWithLogitsLoss()  # coach-also: suspicious-initial-loss
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)


def train():
    model.train()
    total = 0.0
    for inputs, target in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), target)
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(train_loader)


def validate():
    model.eval()
    correct = 0
    with torch.no_grad():
        for inputs, target in val_loader:
            correct += ((model(inputs) > 0).float() == target).sum().item()
    return correct / len(val_set)


for epoch in range(15):
    loss = train()
    print(f"epoch {epoch + 1:2d}  loss {loss:.3f}  val acc {validate():.3f}")
