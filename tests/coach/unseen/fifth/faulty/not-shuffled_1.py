# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(30)

# %% three intents, exported from the warehouse one after another
per_class, dim = 240, 16
centres = 1.5 * torch.randn(3, dim)
X = torch.cat([centres[k] + torch.randn(per_class, dim) for k in range(3)])
y = torch.cat([torch.full((per_class,), k, dtype=torch.long) for k in range(3)])
X = (X - X.mean(0)) / X.std(0)

# %%
train_loader = DataLoader(TensorDataset(X, y), batch_size=24)  # coach: not-shuffled; fix: shuffle=True

# %%
intent_net = nn.Sequential(nn.Linear(dim, 32), nn.ReLU(), nn.Linear(32, 3))
optim = torch.optim.SGD(intent_net.parameters(), lr=0.05)
loss_fn = nn.CrossEntropyLoss()

# %%
for epoch in range(6):
    history = []
    for features, intent in train_loader:
        optim.zero_grad()
        loss = loss_fn(intent_net(features), intent)
        loss.backward()
        optim.step()
        history.append(loss.item())
    print(f"epoch {epoch}  first {history[0]:.3f}  mean {sum(history) / len(history):.3f}")
