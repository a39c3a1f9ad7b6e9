# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(10)

# %%
# two moons
n = 400
angle = torch.rand(n) * torch.pi
label = torch.arange(n) % 2
moon_x = torch.where(label == 0, torch.cos(angle), 1 - torch.cos(angle))
moon_y = torch.where(label == 0, torch.sin(angle), 0.5 - torch.sin(angle))
points = torch.stack([moon_x, moon_y], dim=1) + 0.1 * torch.randn(n, 2)
points = (points - points.mean(0)) / points.std(0)
target = label.float()

train_dl = DataLoader(TensorDataset(points[:300], target[:300]), batch_size=30, shuffle=True)
x_val, t_val = points[300:], target[300:]


# %%
class MoonNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(2, 24)
        self.fc2 = nn.Linear(24, 24)
        self.out = nn.Linear(24, 1)

    def forward(self, x):
        h = torch.relu(self.fc1(x))
        h = torch.relu(self.fc2(h))
        return torch.sigmoid(self.out(h)).squeeze(1)  # coach: sigmoid-before-bce-with-logits; fix: return self.out(h).squeeze(1)


model = MoonNet()
criterion = nn.BCEWithLogitsLoss()  # coach-line: sigmoid-before-bce-with-logits
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)

# %%
for epoch in range(10):
    model.train()
    for xb, tb in train_dl:
        optimizer.zero_grad()
        loss = criterion(model(xb), tb)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        val_loss = criterion(model(x_val), t_val).item()
    print(f"epoch {epoch + 1:2d}: train {loss.item():.4f}, val {val_loss:.4f}")
