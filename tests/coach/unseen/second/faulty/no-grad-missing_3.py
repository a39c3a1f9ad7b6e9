import gradbook as torch
import gradbook.nn as nn

# --- data ---
torch.manual_seed(100)
N, F_ = 250, 9
train = torch.randn(N, F_)
target = ((train[:, 0] - train[:, 5]) > 0.2).float().unsqueeze(1)
test = torch.randn(100, F_)

# --- model ---
model = nn.Sequential(nn.Linear(F_, 24), nn.ReLU(), nn.Dropout(0.1), nn.Linear(24, 1))
opt = torch.optim.Adam(model.parameters(), lr=0.01)
loss_fn = nn.BCEWithLogitsLoss()

# --- train ---
test_preds = torch.zeros(100, 1)
EPOCHS = 6
for epoch in range(EPOCHS):
    model.train()
    for idx in torch.randperm(N).split(50):
        opt.zero_grad()
        loss = loss_fn(model(train[idx]), target[idx])
        loss.backward()
        opt.step()
    model.eval()
    for j, xb in enumerate(test.split(25)):
        out = model(xb)  # coach: no-grad-missing; fix: no_grad()
        test_preds[j * 25:(j + 1) * 25] += torch.sigmoid(out).detach() / EPOCHS
    print('epoch', epoch, 'loss', loss.item())

print('submission mean', test_preds.mean().item())
