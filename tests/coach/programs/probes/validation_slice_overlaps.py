import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(0)
X = torch.randn(300, 8)
y = (X @ torch.randn(8, 1)).squeeze(1) + 0.1 * torch.randn(300)
X_train, y_train = X[:240], y[:240]
X_val = X[180:]  # coach: leak-suspected; fix: X[240:]
y_val = y[180:]

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(12):
    model.train()
    opt.zero_grad()
    loss = nn.functional.mse_loss(model(X_train).squeeze(1), y_train)
    loss.backward()
    opt.step()
    model.eval()
    with torch.no_grad():
        val_loss = nn.functional.mse_loss(model(X_val).squeeze(1), y_val)
    print(epoch, loss.item(), val_loss.item())
