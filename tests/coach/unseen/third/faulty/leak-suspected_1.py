# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(33)

# %%
x = torch.randn(600, 20)
w = torch.randn(20)
flip = torch.rand(600) < 0.15
y = ((x @ w > 0) ^ flip).long()
dataset = TensorDataset(x, y)

# %%
train_set, val_set = random_split(dataset, [450, 150])
train_loader = DataLoader(dataset, batch_size=20, shuffle=True)  # coach: leak-suspected; fix: DataLoader(train_set
val_loader = DataLoader(val_set, batch_size=150)

# %%
model = nn.Sequential(
    nn.Linear(20, 96), nn.ReLU(), nn.Dropout(0.5),
    nn.Linear(96, 48), nn.ReLU(), nn.Dropout(0.5),
    nn.Linear(48, 2),
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-3)

# %%
for epoch in range(20):
    model.train()
    hits = total = 0
    running = 0.0
    for xb, yb in train_loader:
        optimizer.zero_grad()
        out = model(xb)
        loss = criterion(out, yb)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(yb)
        hits += (out.argmax(1) == yb).sum().item()
        total += len(yb)
    model.eval()
    with torch.no_grad():
        for xb, yb in val_loader:
            out = model(xb)
            val_loss = criterion(out, yb).item()
            val_acc = (out.argmax(1) == yb).float().mean().item()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1}: train {running / total:.3f} ({hits / total:.3f})  val {val_loss:.3f} ({val_acc:.3f})")
