# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(15)

# %%
# house prices, standardised
area = torch.randn(400)
rooms = 0.6 * area + 0.8 * torch.randn(400)
dist = torch.randn(400)
X = torch.stack([area, rooms, dist], 1)
price = 1.1 * area + 0.3 * rooms - 0.7 * dist * (dist > 0) + 0.2 * torch.randn(400)
price = ((price - price.mean()) / price.std()).unsqueeze(1)

train = DataLoader(TensorDataset(X[:320], price[:320]), batch_size=32, shuffle=True)
test = DataLoader(TensorDataset(X[320:], price[320:]), batch_size=80)

# %%
candidates = {
    "linear": nn.Linear(3, 1),
    "mlp": nn.Sequential(nn.Linear(3, 24), nn.ReLU(), nn.Linear(24, 1)),
}
mse = nn.MSELoss()

def fit(model, epochs=8):
    sgd = torch.optim.SGD(model.parameters(), lr=0.01)
    model.train()
    for _ in range(epochs):
        for x, p in train:
            loss = mse(model(x), p)
            loss.backward()  # coach: missing-zero-grad; fix: sgd.zero_grad()
            sgd.step()  # coach-line: missing-zero-grad

@torch.no_grad()
def score(model):
    model.eval()
    return sum(mse(model(x), p).item() for x, p in test) / len(test)

# %%
for name, model in candidates.items():
    fit(model)
    print(f"{name:8s} test mse {score(model):.4f}")
