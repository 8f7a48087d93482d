"""The contenders: questions to answers, one small class each. They know nothing about measures."""
