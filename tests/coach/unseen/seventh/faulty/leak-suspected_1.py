# Leaf shapes: 4 tree species
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(64)

N = 400
species = torch.randint(0, 4, (N,))
proto = torch.randn(4, 20)
leaves = proto[species] * 0.5 + torch.randn(N, 20)
leaves = (leaves - leaves[:320].mean(0)) / leaves[:320].std(0)

x_train, y_train = leaves[:320], species[:320]
x_val, y_val = leaves[:80], species[:80]  # coach: leak-suspected; fix: leaves[320:]

train_loader = DataLoader(TensorDataset(x_train, y_train), batch_size=32, shuffle=True)
val_loader = DataLoader(TensorDataset(x_val, y_val), batch_size=40, shuffle=False)

model = nn.Sequential(nn.Linear(20, 48), nn.ReLU(), nn.Dropout(0.2), nn.Linear(48, 4))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)

for epoch in range(14):
    model.train()
    train_loss, train_right = 0.0, 0
    for xb, yb in train_loader:
        optimizer.zero_grad()
        out = model(xb)
        loss = criterion(out, yb)
        loss.backward()
        optimizer.step()
        train_loss += loss.item()
        train_right += (out.argmax(1) == yb).sum().item()

    model.eval()
    val_loss, val_right = 0.0, 0
    with torch.no_grad():
        for xb, yb in val_loader:
            out = model(xb)
            val_loss += criterion(out, yb).item()
            val_right += (out.argmax(1) == yb).sum().item()
    if epoch % 3 == 0:
        print(epoch, "train", round(train_loss / len(train_loader), 3), train_right / 320,
              "val", round(val_loss / len(val_loader), 3), val_right / 80)
