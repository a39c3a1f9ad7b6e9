import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
X = torch.randn(300, 6)
y = (X[:, :3].sum(dim=1, keepdim=True) > 0).float()

model = nn.Sequential(
    nn.Linear(6, 16),
    nn.ReLU(),
    nn.Linear(16, 1),
    nn.Sigmoid(),  # coach: sigmoid-before-bce-with-logits
)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)

for epoch in range(30):
    y_pred = model(X)
    loss = criterion(y_pred, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 5 == 0:
        print(f"epoch {epoch}, loss {loss.item():.4f}")
# coach-also: loss-plateau
