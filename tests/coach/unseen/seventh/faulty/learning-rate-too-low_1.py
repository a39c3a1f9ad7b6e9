# how many goals will a striker score? (features are already z-scores)
import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(9)

players = torch.randn(500, 5)
true_w = torch.tensor([1.2, -0.7, 0.5, 0.0, 0.9])
goals = players @ true_w + 0.3 * torch.tanh(players[:, 0] * players[:, 1]) + 0.2 * torch.randn(500)
goals = ((goals - goals[:400].mean()) / goals[:400].std()).unsqueeze(1)

trainloader = DataLoader(TensorDataset(players[:400], goals[:400]), batch_size=40, shuffle=True)
x_test, y_test = players[400:], goals[400:]

model = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 1))
loss_function = nn.MSELoss()
optimizer = optim.SGD(model.parameters(), lr=1e-6)  # coach: learning-rate-too-low; fix: lr=

for epoch in range(20):
    model.train()
    epoch_loss = 0.0
    for x, y in trainloader:
        optimizer.zero_grad()
        prediction = model(x)
        loss = loss_function(prediction, y)  # coach-also: update-ratio-low
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
    model.eval()
    with torch.no_grad():
        test_loss = loss_function(model(x_test), y_test).item()
    print(f"Epoch {epoch + 1}/20 - loss {epoch_loss / len(trainloader):.4f} - test {test_loss:.4f}")  # coach-also: loss-plateau
