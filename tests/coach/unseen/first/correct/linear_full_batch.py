import numpy as np
import gradbook as torch
import gradbook.nn as nn

np.random.seed(0)
torch.manual_seed(0)
X_numpy = np.random.randn(100, 1).astype(np.float32)
y_numpy = (3.0 * X_numpy[:, 0] + 1.0 + 0.2 * np.random.randn(100)).astype(np.float32)

X = torch.from_numpy(X_numpy)
y = torch.from_numpy(y_numpy)
y = y.view(y.shape[0], 1)
n_samples, n_features = X.shape

model = nn.Linear(n_features, 1)
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

num_epochs = 80
for epoch in range(num_epochs):
    y_predicted = model(X)
    loss = criterion(y_predicted, y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    if (epoch + 1) % 20 == 0:
        w, b = model.parameters()
        print(f"epoch: {epoch + 1}, w = {w[0][0].item():.3f}, b = {b.item():.3f}, loss = {loss.item():.4f}")

predicted = model(X).detach().numpy()
print("residual std", float(np.std(predicted[:, 0] - y_numpy)))
