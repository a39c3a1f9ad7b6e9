# %% [imports]
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(9)

# %% [penguins]
species = torch.arange(240) % 3
means = torch.tensor([[38.8, 18.3, 190.0, 3.7], [48.8, 18.4, 196.0, 3.7], [47.5, 15.0, 217.0, 5.1]])
spread = torch.tensor([2.6, 1.1, 6.5, 0.45])
measures = means[species] + spread * torch.randn(240, 4)
shuffled = torch.randperm(240)
measures, species = measures[shuffled], species[shuffled]
mean, std = measures[:180].mean(0), measures[:180].std(0)
measures = (measures - mean) / std
train_ds = TensorDataset(measures[:180], species[:180])
test_x, test_y = measures[180:], species[180:]
train_iter = DataLoader(train_ds, batch_size=18, shuffle=True)

# %% [model]
clf = nn.Sequential(nn.Linear(4, 20), nn.ReLU(), nn.Linear(20, 3))
criterion = nn.CrossEntropyLoss()
sgd = torch.optim.SGD(clf.parameters(), lr=0.05)

# %% [train]
history = []
for epoch in range(8):
    clf.train()
    batch_losses = []
    for feats, target in train_iter:
        scores = clf(feats)
        loss = criterion(scores, target)
        loss.backward()  # coach: missing-zero-grad; fix: sgd.zero_grad()
        sgd.step()  # coach-line: missing-zero-grad
        batch_losses.append(loss.item())
    history.append(sum(batch_losses) / len(batch_losses))
    print(f"epoch {epoch}: {history[-1]:.4f}")

# %% [test]
clf.eval()
with torch.no_grad():
    acc = (clf(test_x).argmax(1) == test_y).float().mean().item()
print("test accuracy:", acc)
