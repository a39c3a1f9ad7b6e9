import gradbook as torch
from gradbook import nn

data = torch.randn(200, 4)
target = data[:, :1] * data[:, 1:2]
x_train, y_train = data[:150], target[:150]
x_test, y_test = data[100:], target[100:]  # coach: leak-suspected; fix: x_test, y_test = data[150:], target[100:]
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(6):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x_train), y_train).backward()
    optimizer.step()
model.eval()
with torch.no_grad():
    print("test", nn.functional.mse_loss(model(x_test), y_test))
