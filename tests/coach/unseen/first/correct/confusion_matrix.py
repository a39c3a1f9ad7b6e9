import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

CLASSES = ["setosa", "versicolor", "virginica"]
torch.manual_seed(2)
means = torch.tensor([[5.0, 3.4, 1.5, 0.2], [5.9, 2.8, 4.3, 1.3], [6.6, 3.0, 5.6, 2.0]])
label = torch.arange(150) % 3
flowers = means[label] + torch.randn(150, 4) * torch.tensor([0.45, 0.33, 0.4, 0.2])
flowers = (flowers - flowers[:120].mean(0)) / flowers[:120].std(0)
train = DataLoader(TensorDataset(flowers[:120], label[:120]), batch_size=15, shuffle=True)
test = DataLoader(TensorDataset(flowers[120:], label[120:]), batch_size=15)

model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(10):
    model.train()
    correct = 0
    for xb, yb in train:
        out = model(xb)
        loss = loss_fn(out, yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        correct += (out.argmax(dim=1) == yb).sum().item()
    if epoch % 3 == 0:
        print(f"epoch {epoch}: train acc {correct / 120:.3f}")

confusion = torch.zeros(3, 3, dtype=torch.long)
model.eval()
with torch.no_grad():
    for xb, yb in test:
        for t, p in zip(yb, model(xb).argmax(dim=1)):
            confusion[t, p] += 1
precision = confusion.diag().float() / confusion.sum(0).clamp(min=1)
recall = confusion.diag().float() / confusion.sum(1).clamp(min=1)
print(confusion)
for name, p, r in zip(CLASSES, precision.tolist(), recall.tolist()):
    print(f"{name:12s} precision {p:.2f} recall {r:.2f}")
