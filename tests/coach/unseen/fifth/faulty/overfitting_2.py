import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(13)
direction = torch.randn(60)


def sample(n):
    x = torch.randn(n, 60)
    y = ((x @ direction) / 8 + 1.2 * torch.randn(n) > 0).long()
    return x, y


x_train, y_train = sample(48)
x_val, y_val = sample(400)
loader = DataLoader(TensorDataset(x_train, y_train), batch_size=16, shuffle=True)

model = nn.Sequential(  # coach-line: overfitting
    nn.Linear(60, 256), nn.ReLU(),
    nn.Linear(256, 256), nn.ReLU(),
    nn.Linear(256, 2),
)
opt = torch.optim.Adam(model.parameters(), lr=1e-3)  # coach-line: overfitting

for epoch in range(80):  # coach: overfitting
    model.train()
    for xb, yb in loader:
        opt.zero_grad()
        loss = F.cross_entropy(model(xb), yb)
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        val_logits = model(x_val)
        val_loss = F.cross_entropy(val_logits, y_val).item()
        val_acc = (val_logits.argmax(1) == y_val).float().mean().item()
        tr_acc = (model(x_train).argmax(1) == y_train).float().mean().item()
    if epoch % 10 == 0:
        print(f"{epoch:3d} train {loss.item():.4f}/{tr_acc:.2f} val {val_loss:.4f}/{val_acc:.2f}")
